"""The table of methods (docs/methods.md): method x argument x Python, and in each cell a test.

`make methods` writes it. The rows are asyncio's own signatures, as each Python has them. A cell
names a test that was seen to pass this argument to this method of a rondel object, with another
value than its default, while the suite ran under `recorder`. tests/test_method_table.py runs the
tests of all cells again and sees whether they still do.

- `surface`: the rows of the Python at hand;
- `recorder`: a pytest plugin that writes down the calls;
- `page`: docs/methods.md, written and read.
"""
