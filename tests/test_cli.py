"""`python -m rondel`: what it says of itself, and how it finds and starts a program."""

import platform
import py_compile
import re
import shutil
import sys
import zipfile

import pytest

from support.ways_in import Folder

# What a program can see of how it was started.
LOOK = """
import os, sys
names = {k: v for k, v in globals().items() if k not in ("os", "sys")}
for name, value in names.items():
    print(name, value if isinstance(value, (str, dict, type(None))) else type(value))
print(sys.modules["__main__"].__dict__ is globals())
if __spec__: print(__spec__.name, __spec__.origin, __spec__.cached, __spec__.parent)
print(type(__loader__).__name__, *(getattr(__loader__, n, None) for n in ("name", "path")))
print(sys.argv, type(sys.argv))
print([entry for entry in sys.path if "lib/python" not in entry])
"""


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


# --- What it says -------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("-h",), ("--help",)])
def test_help(folder, arguments):
    ended = folder.rondel(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("usage: python -m rondel [option] PROGRAM [argument ...]\n")
    assert "python -m rondel server.py --port 8000" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 100


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_names_rondel_python_and_selector(folder, option):
    ended = folder.rondel(option)
    assert (ended.code, ended.err) == (0, "")
    assert re.fullmatch(
        rf"rondel \d+\.\d+\.\d+ \(CPython {re.escape(platform.python_version())}, \w+ on \w+\)\n",
        ended.out,
    )


def test_version_says_which_selector_was_chosen(folder):
    assert ", poll on " in folder.rondel("--version", RONDEL_SELECTOR="poll").out


def test_version_with_a_selector_that_does_not_exist(folder):
    ended = folder.rondel("--version", RONDEL_SELECTOR="select")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("rondel: RONDEL_SELECTOR=select ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("option", ["-x", "--loop", "-W", "--", "-hx"])
def test_unknown_option(folder, option):
    ended = folder.rondel(option)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        f"rondel: unknown option {option}",
        f"Options of Python itself come before -m: python {option} -m rondel ...",
        "Try `python -m rondel --help`.",
    ]


@pytest.mark.parametrize("option", ["-m", "-c"])
def test_option_without_its_argument(folder, option):
    ended = folder.rondel(option)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"rondel: argument expected for the {option} option\n")


# --- Programs that are not there ----------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing.py",),
        ("missing folder/prog.py", "x"),
        ("prog.py/x",),
        ("empty",),
        ("",),
        (".",),
        ("-m", "missing"),
        ("-m", "missing.module"),
        ("-m", "package"),
        ("-m", "package.missing"),
        ("-m", ".relative"),
        ("-m", "prog.py"),
        ("-m", "prog.name"),
        ("-m", ""),
    ],
)
def test_no_such_program(folder, arguments):
    folder.write("prog.py", "")
    folder.write("package/__init__.py", "")
    (folder.path / "empty").mkdir()
    plain, ended = folder.python(*arguments), folder.rondel(*arguments)
    assert plain.err.startswith(f"{sys.executable}: ")
    assert ended.err == plain.err.replace(sys.executable, "rondel", 1)
    assert (ended.code, ended.out) == (plain.code, "")


def test_no_permission_to_read(folder):
    folder.write("prog.py", "")
    (folder.path / "prog.py").chmod(0)
    try:
        (folder.path / "prog.py").read_bytes()
    except PermissionError:
        ended = folder.rondel("prog.py")
        assert ended.code == 2
        assert re.fullmatch(
            r"rondel: can't open file '/.*/prog\.py': \[Errno 13\] Permission denied\n", ended.err
        )
    else:
        pytest.skip("this user may read everything")


# --- Programs that are there --------------------------------------------------------------------


STARTS = [
    ("prog.py", "a", "-m", "--help"),
    ("./prog.py",),
    (".//sub/../prog.py",),
    ("sub/link.py",),
    ("--", "prog.py", "--"),
    ("app", "a"),
    ("./app/",),
    ("app.zip", "a"),
    ("prog.pyc",),
    ("disguised.py",),
    ("-c", LOOK, "a", "-c"),
    (f"-c{LOOK}",),
    ("-",),
    ("-", "a", "-"),
]
MODULES = [
    ("-m", "prog", "a", "-m"),
    ("-mprog",),
    ("-m", "app"),
    ("-m", "app.part", "a"),
]


@pytest.mark.parametrize(
    ("arguments", "options"),
    # -P keeps the current folder, and so these modules, off the path.
    [*((start, ()) for start in STARTS + MODULES), *((start, ("-P",)) for start in STARTS)],
    ids=lambda words: " ".join(words).replace(LOOK, "CODE"),
)
def test_what_a_program_sees(folder, arguments, options):
    prog = folder.path / folder.write("prog.py", LOOK)
    folder.write("app/__init__.py", "")
    folder.write("app/part.py", LOOK)
    folder.write("app/__main__.py", LOOK)
    with zipfile.ZipFile(folder.path / "app.zip", "w") as file:
        file.write(prog, "__main__.py")
    py_compile.compile(str(prog), str(folder.path / "prog.pyc"))
    shutil.copy(folder.path / "prog.pyc", folder.path / "disguised.py")
    (folder.path / "sub").mkdir()
    (folder.path / "sub/link.py").symlink_to("../prog.py")
    # The second run finds what the first one compiled.
    folder.python(*arguments, stdin=LOOK)
    ended = folder.same(*arguments, options=options, stdin=LOOK)
    assert (ended.code, ended.err) == (0, "")


def test_absolute_path_from_another_folder(folder):
    folder.write("sub/prog.py", LOOK)
    path = str(folder.path / "sub/prog.py")
    (folder.path / "elsewhere").mkdir()
    assert "elsewhere" not in Folder(folder.path / "elsewhere").same(path).out


def test_program_from_a_pipe_is_read_once(folder):
    command = 'exec 3<<<"print(__file__[:5], __name__)"; exec "$@" /dev/fd/3'
    run = ["-c", "import os, sys; os.execvp('bash', ['bash', '-c', *sys.argv[1:]])", command, "_"]
    plain = folder.python(*run, sys.executable)
    assert plain.out == "/dev/ __main__\n"
    assert folder.python(*run, sys.executable, "-m", "rondel") == plain


def test_current_folder_is_gone(folder):
    folder.write("prog.py", LOOK)
    leave = """
        import os, sys
        os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
        """
    folder.write("leave.py", leave)
    path = str(folder.path / "prog.py")
    plain = folder.python("leave.py", path)
    assert plain.code == 0
    assert folder.python("leave.py", "-m", "rondel", path) == plain


def test_name_with_bytes_that_are_no_text(folder):
    name = "pr\udcff g.py"
    (folder.path / name).write_text("import sys; print(ascii(sys.argv), ascii(__file__)); 1/0")
    assert folder.same(name).code == 1


def test_options_of_the_interpreter_reach_the_program(folder):
    folder.write("prog.py", "import sys; print(sys.flags, sys.warnoptions, sys._xoptions)")
    options = ("-O", "-W", "ignore::UserWarning", "-X", "dev", "-X", "mine=1", "-B")
    assert "mine" in folder.same("prog.py", options=options).out


def test_standard_input_is_left_to_the_program(folder):
    folder.write("prog.py", "print(input(), input())")
    assert folder.same("prog.py", stdin=b"one\ntwo\n").out == "one two\n"


def test_original_command_line_stays(folder):
    folder.write("prog.py", "import sys; print(sys.orig_argv)")
    ended = folder.rondel("prog.py", "a", options=("-X", "dev"))
    assert ended.out == f"{[sys.executable, '-X', 'dev', '-m', 'rondel', 'prog.py', 'a']}\n"


def test_program_that_starts_itself_again(folder):
    folder.write(
        "prog.py",
        """
        import asyncio, os, sys
        print(type(asyncio.new_event_loop()).__module__.partition(".")[0], flush=True)
        if "again" not in sys.argv:
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], "again"])
        """,
    )
    assert folder.rondel("prog.py").out == "rondel\nrondel\n"


# --- Programs that run others -------------------------------------------------------------------


@pytest.mark.parametrize("runner", ["cProfile", "trace", "pdb"])
def test_run_by_another_runner(folder, runner):
    """rondel as the program of a profiler, tracer or debugger."""
    folder.write(
        "prog.py",
        """
        import asyncio, sys
        async def main(): print(type(asyncio.get_running_loop()).__module__, sys.argv, __name__)
        asyncio.run(main())
        """,
    )
    options = {"trace": ("--count", "--module", "-C", "counts"), "cProfile": ("-o", "o", "-m")}
    ended = folder.python(
        "-m", runner, *options.get(runner, ("-m",)), "rondel", "prog.py", "a", stdin="c\nq\n"
    )
    assert re.search(r"rondel\S* \['prog\.py', 'a'\] __main__", ended.out), ended
    assert "Error" not in ended.out + ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "pdb", "prog.py", "x"),
        ("-m", "runpy", "prog", "x"),
        ("-m", "timeit", "-n1", "-r1", "-s", "import prog", "prog.f()"),
    ],
    ids=lambda arguments: arguments[1],
)
def test_run_another_runner(folder, arguments):
    """A debugger or the like as the program of rondel."""
    folder.write("prog.py", "import sys\ndef f(): print(sys.argv, __name__)\nf()\n")
    stdin = "b f\nc\nw\np sys.argv\nc\nq\n"
    plain, ended = folder.python(*arguments, stdin=stdin), folder.rondel(*arguments, stdin=stdin)
    timing = r"\d+ loop.*"
    assert re.sub(timing, "", ended.out) == re.sub(timing, "", plain.out)
    assert (ended.code, ended.err) == (plain.code, plain.err)


def test_debugger_in_the_program(folder):
    folder.write("prog.py", "def f():\n    breakpoint()\n    return 1\nprint(f())\n")
    plain, ended = (run("prog.py", stdin="n\np 6*7\nc\n") for run in (folder.python, folder.rondel))
    assert ended == plain
    assert "42" in ended.out
