"""What the channels load, and what they leave alone."""


def test_sending_loads_neither_the_engine_nor_a_database(fresh_python):
    """The process that pages people lives in little memory, beside whatever has gone wrong."""
    done = fresh_python(
        "import sys\n"
        "from actinf.responder.channels import mail, none, slack, webhook\n"
        "print([name for name in ('numba', 'numpy', 'sqlalchemy', 'psycopg', 'aiohttp') if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]"
