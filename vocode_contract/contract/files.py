"""Find the schemas, read the package's data files, and open regular files of users.

The schemas are inside the package once it is installed, and beside it in a checkout. Everything is read through the
loader that loaded this module: it knows directories and zipped wheels alike, and unlike ``importlib.resources`` it
costs no import.
"""

import os
import stat
from io import BufferedReader

from vocode_contract.errors import SchemasNotFound, UnknownSchema

_MARKER = "contract.json"
_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_found: list[str] = []  # the directory, once it is found
_PLACES = (os.path.join(_PACKAGE, "schemas"), os.path.join(os.path.dirname(_PACKAGE), "schemas"))


class NotRegularFile(OSError):
    """A file is a directory, a device, a named pipe or a socket."""


def schemas_directory() -> str:
    """Find the directory that holds ``contract.json``.

    Returns:
        A path for :func:`read_bytes`; inside a zipped wheel nothing else can open it.

    Raises:
        SchemasNotFound: Neither place has the marker.
    """
    if not _found:
        _found.append(_find_directory())
    return _found[0]


def _find_directory() -> str:
    for place in _PLACES:
        try:
            _read(os.path.join(place, _MARKER))
        except OSError:
            continue
        return place
    raise SchemasNotFound(_PLACES)


def read_bytes(*parts: str) -> bytes:
    """Read one file of the schemas.

    Args:
        parts: Its names from the schemas directory downwards: ``"2023-11-30", "openapi.json"``.

    Raises:
        SchemasNotFound: The installation has no schemas.
        UnknownSchema: It has no such file, or a part is not one plain name.
    """
    directory = schemas_directory()
    name = "/".join(parts)
    if not all(map(_is_plain, parts)):
        raise UnknownSchema(name)
    try:
        return _read(os.path.join(directory, *parts))
    except OSError as error:
        raise UnknownSchema(name) from error


def read_beside(module: str, *parts: str) -> bytes:
    """Read a data file of the package.

    Args:
        module: The ``__file__`` of the module beside which it is.
        parts: Its names from there downwards.

    Raises:
        OSError: There is no such file.
    """
    return _read(os.path.join(os.path.dirname(module), *parts))


def open_regular(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a regular file: a device or a named pipe could be endless, or block forever.

    Raises:
        NotRegularFile: It is another kind of file.
        OSError: It cannot be opened; ``strerror`` is the reason.
    """
    from errno import EINVAL

    try:
        # O_NONBLOCK: opening a named pipe without a writer would block forever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError:  # a null character, or half of a surrogate pair
        raise OSError(EINVAL, "no file can have this name") from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise NotRegularFile(EINVAL, "is a directory" if stat.S_ISDIR(mode) else "is not a regular file")


def _is_plain(part: str) -> bool:
    """Return whether a part is one name, so that it cannot lead out of the directory."""
    return part not in {"", ".", ".."} and not set(part) & set("/\\:\0")


def _read(path: str) -> bytes:
    content: bytes = __spec__.loader.get_data(path)  # type: ignore[union-attr]  # every loader of files has it
    return content
