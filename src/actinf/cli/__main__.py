"""`python -m actinf.cli` is the command `actinf`."""

from actinf.cli import main

if __name__ == "__main__":
    main()
