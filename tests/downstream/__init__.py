"""Real packages, unmodified, on asyncio's loop and on rondel's, through their public interface."""
