"""The bench: rondel measured against its peers and against the machine's limit. `make bench`."""
