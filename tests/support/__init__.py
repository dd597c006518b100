"""What the tests share: loops, protocols that record, sockets, child processes."""
