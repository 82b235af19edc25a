"""The exit codes, which scripts rely on."""

#: Everything that was judged conforms.
CONFORMS = 0
#: Something violates the contract. Nothing else ends so.
VIOLATES = 1
#: The command was called wrongly, or cannot start here.
USAGE = 2
#: Something could not be judged, and nothing that could violates the contract.
UNJUDGED = 3
#: A bug of ours (EX_SOFTWARE of BSD's sysexits).
BUG = 70
#: Ctrl-C: 128 and the number of the signal, as for SIGHUP (129) and SIGTERM (143).
INTERRUPTED = 130
