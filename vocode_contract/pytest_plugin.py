"""The pytest plugin, loaded by every pytest run of every project that has this package installed."""
