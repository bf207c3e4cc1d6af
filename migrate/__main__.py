"""``python -m migrate`` is the unshim command."""

from migrate.cli import main

main()
