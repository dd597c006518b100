"""A subinterpreter gets a clear error, and the loop of the main one goes on."""

import pytest

from support import child

PROGRAM = """
    import asyncio, sys
    import rondel
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters

    IMPORT = f'''
    import sys
    sys.path[:] = {sys.path!r}
    try:
        import rondel
    except ImportError as error:
        print(error, flush=True)
    '''

    async def main():
        for _ in range(3):
            interpreter = interpreters.create()
            interpreters.run_string(interpreter, IMPORT)
            interpreters.destroy(interpreter)
            await asyncio.sleep(0.001)
        print("goes on")

    rondel.run(main())
"""


@pytest.mark.rondel_only("it is about what rondel does there")
def test_a_subinterpreter_gets_a_clear_import_error_while_the_loop_runs(loop_kind):
    message = "rondel does not run in a subinterpreter; import it in the main interpreter\n"
    assert child.output(loop_kind, PROGRAM) == message * 3 + "goes on\n"
