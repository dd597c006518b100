"""What figures depend on beside rondel."""

import functools
import os
import pathlib
import platform
import ssl
import subprocess
import sysconfig

# What glibc and OpenSSL choose their functions by, of all that a processor can do.
FEATURES = ("avx2", "erms", "avx512f", "sha_ni", "vaes")


def family() -> str:
    """Figures of one family are compared: cpython-313-x86_64-linux-gnu. The name of their file."""
    return str(sysconfig.get_config_var("SOABI"))


@functools.cache
def compiler() -> str:
    """What rondel was built with, as far as this machine can tell: rustc 1.95.0."""
    try:
        said = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "rustc unknown"
    return " ".join(said.stdout.split()[:2])


@functools.cache
def surroundings() -> str:
    """Where it is the same, the instructions outside of rondel can be compared, too."""
    optimization = (sysconfig.get_config_var("OPT") or "") + (
        " shared" if sysconfig.get_config_var("Py_ENABLE_SHARED") else ""
    )
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (OSError, ValueError):
        libc = "unknown libc"
    valgrind = subprocess.run(
        ["valgrind", "--version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    parts = (
        f"Python {platform.python_version()}",
        platform.python_compiler(),
        optimization,
        libc or "unknown libc",
        ssl.OPENSSL_VERSION,
        valgrind,
        " ".join(_features()),
    )
    return ", ".join(part.strip() for part in parts)


def _features() -> list[str]:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return [feature for feature in FEATURES if feature in flags]
