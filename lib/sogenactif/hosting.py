"""The three scripts in a long-running process: loaded from their files, and reloaded after an edit."""

import os
import sys
from collections.abc import Iterable
from functools import partial
from threading import Lock
from types import ModuleType

from sogenactif.files import read_file, version_of
from sogenactif.http import Application, Environ
from sogenactif.web import dispatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# Each script may import those before it.
SCRIPTS = ("call_request", "call_autoresponse", "call_response")
Version = tuple[int, ...]


def serve_scripts(folder: str) -> Application:
    """Return the application of the three scripts in a folder, each at a path that ends in its name.

    The next request uses an edited script, or another module of the folder that one imports.
    For a script that can't be loaded the answer is an error page, and each request tries again; the others continue.
    """
    scripts = _Scripts(folder)
    return dispatch(**{name: partial(scripts.serve, name) for name in SCRIPTS})


class _Scripts:
    """Cache the modules of a folder until one of their files changes."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        # Modules of the host may be in the folder too; they are not reloaded.
        self._host = set(self._modules())
        self._lock = Lock()
        self._versions: dict[str, Version] = {}
        self._loaded: dict[str, ModuleType | Exception] = {name: ImportError(name) for name in SCRIPTS}

    def serve(self, name: str, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        application: Application = self._current(name).application
        return application(environ, start_response)

    def _current(self, name: str) -> ModuleType:
        script = self._loaded[name]
        if not self._is_current(script):
            with self._lock:
                if not self._is_current(self._loaded[name]):
                    self._load()
                script = self._loaded[name]
        if isinstance(script, ModuleType):
            return script
        error = script
        raise error

    def _is_current(self, script: ModuleType | Exception) -> bool:
        return isinstance(script, ModuleType) and all(
            _version(path) == version for path, version in self._versions.items()
        )

    def _load(self) -> None:
        """Load all scripts: they may import each other."""
        for name in self._modules().keys() - self._host:
            del sys.modules[name]
        # Taken before the files are read, so that a later edit is noticed.
        names = [name for name in os.listdir(self._folder) if name.endswith(".py")]
        versions = {path: _version(path) for path in (f"{self._folder}/{name}" for name in names)}
        # Python doesn't notice an edit in the second in which it compiled the file.
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            loaded = {name: self._load_one(name) for name in SCRIPTS}
        finally:
            sys.dont_write_bytecode = writes
        used = {f"{self._folder}/{name}.py" for name in SCRIPTS}
        used.update(path for name, path in self._modules().items() if name not in self._host)
        self._loaded = loaded
        self._versions = {path: versions.get(path, ()) for path in used}
        # Each script puts its folders at the front of the path: remove the duplicates.
        sys.path[:] = dict.fromkeys(sys.path)

    def _load_one(self, name: str) -> ModuleType | Exception:
        path = f"{self._folder}/{name}.py"
        module = ModuleType(name)
        module.__file__ = path
        sys.modules[name] = module
        try:
            exec(compile(read_file(path), path, "exec", dont_inherit=True), module.__dict__)
            if not hasattr(module, "application"):
                raise AttributeError(f"{name}.py has no application")
        except Exception as error:
            del sys.modules[name]
            return error
        return module

    def _modules(self) -> dict[str, str]:
        """Return the loaded modules whose files are in the folder, and the paths of those."""
        files = ((name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items()))
        return {name: path for name, path in files if path and os.path.dirname(path) == self._folder}


def _version(path: str) -> Version:
    """Return what changes with the content of a file; empty if there is none."""
    try:
        return version_of(os.stat(path))
    except OSError:
        return ()
