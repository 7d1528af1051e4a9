"""Read the tensors of a PyTorch file (`torch.save`) without torch, and without ever calling what the file names.

A PyTorch file is a pickle, which is a little program, and its numbers. Here the program is followed on a stack of plain values:
names of functions stay names, and "call this" only notes what was to be called. Whatever is not needed to describe tensors is
refused at sight. Both layouts are read: the archive (since PyTorch 1.6) and the row of pickles before it. Source:
torch/serialization.py, pickletools.
"""

import io
import math
import os
import pickletools
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from training.contract.errors import ModelError
from training.contract.files import open_to_read

MAX_PICKLE_BYTES = 64 << 20  # names and shapes; the numbers lie elsewhere
MAX_OPCODES = 1_000_000
MAX_DEPTH = 32  # of dictionaries in dictionaries
MAX_DIMENSIONS = 8
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001

_BFLOAT16 = "bfloat16"
_ITEM_TYPES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": _BFLOAT16,
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "u1",
}
_STORAGE_MODULES = ("torch", "torch.cuda", "torch.storage")
_DICTIONARIES = {"collections OrderedDict", "builtins dict", "__builtin__ dict", "collections defaultdict"}
_TENSORS = {"torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2"}
_WRAPPERS = {"torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state"}
# What training programs keep beside the weights. It is read over, not made.
_BESIDE = {
    "argparse Namespace",
    "torch Size",
    "torch device",
    "torch dtype",
    *(f"{module} {name}" for module in ("builtins", "__builtin__") for name in ("set", "list", "tuple", "int", "float", "object")),
    "builtins bytearray",
    "_codecs encode",
    "copy_reg _reconstructor",
    "copyreg _reconstructor",
    "numpy dtype",
    "numpy ndarray",
    *(f"{module}.multiarray {name}" for module in ("numpy.core", "numpy._core") for name in ("scalar", "_reconstruct")),
    *(f"torch {name}" for name in ("float32", "float64", "float16", "bfloat16", "int64", "int32")),
}


_OF_NETWORKS = ("torch.nn.", "models.", "networks", "model")  # modules that Python objects of networks come from


class _Damaged(ValueError):
    """The file ends too early or contradicts itself."""


class _Refused(ValueError):
    """The file wants something that no file of weights needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A row of numbers in the file."""

    key: str
    item_type: str
    start: int  # of this view in the row, in items
    count: int

    @property
    def item_bytes(self) -> int:
        return 2 if self.item_type == _BFLOAT16 else np.dtype(self.item_type).itemsize


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor's place in a storage; `offset` and `stride` in items."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def count(self) -> int:
        """Items, however few of them the file holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class _Name:
    """A class or function that the file names. Never looked up."""

    text: str


class _Thing:
    """Something that the file would make and that is not needed."""


Value = Any
"""None, bool, int, float, str, bytes, tuple, list, dict, Storage, StoredTensor, _Name or _Thing."""


class TorchFile:
    """An open file: what it holds, and the numbers of its tensors on request. A context manager."""

    def __init__(self, path: Path) -> None:
        """Read what the file describes, not its numbers. Raises ModelError."""
        self.path = path
        try:
            self._file: BinaryIO = open_to_read(path)
        except OSError as error:
            raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error
        try:
            self.content: Value = self._look()
        except BaseException:
            self._file.close()
            raise

    def _look(self) -> Value:
        try:
            self.num_bytes = os.fstat(self._file.fileno()).st_size
            self._places: dict[str, tuple[int, int]] = {}  # of each storage: where it begins, and its bytes
            self._order: Literal["<", ">"] = "<"
            is_archive = self._file.read(4) == b"PK\x03\x04"
            self._file.seek(0)
            return self._open_archive() if is_archive else self._open_row_of_pickles()
        except _Refused as error:
            raise ModelError(f"{self.path.name} is not imported: {error} Nothing of it was run.") from error
        except OSError as error:
            raise ModelError(f"{self.path.name} cannot be read: {error.strerror or error}.") from error
        except _CONTRADICTIONS as error:
            raise ModelError(f"{self.path.name} is damaged, or no file that PyTorch wrote.") from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "TorchFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, tensor: StoredTensor) -> NDArray[Any]:  # Any: of the type that the file holds; bfloat16 as float32
        """The numbers of a tensor. Raises ModelError if the file does not hold them."""
        try:
            return self._read(tensor)
        except (OSError, *_CONTRADICTIONS) as error:
            raise ModelError(f"{self.path.name} is damaged: some of its weights are missing.") from error

    def _read(self, tensor: StoredTensor) -> NDArray[Any]:  # Any: as above
        storage, shape = tensor.storage, tensor.shape
        start, num_bytes = self._places[storage.key]
        size = storage.item_bytes
        if (storage.start + storage.count) * size > num_bytes:
            raise _Damaged("a storage beyond its place")
        count = tensor.count
        last = sum((side - 1) * step for side, step in zip(shape, tensor.stride, strict=True))
        if count > storage.count or (count and tensor.offset + last >= storage.count):
            raise _Damaged("a tensor beyond its storage")
        wanted = last + 1 if count else 0
        self._file.seek(start + (storage.start + tensor.offset) * size)
        data = self._file.read(wanted * size)
        if len(data) != wanted * size:
            raise _Damaged("the file ends in a tensor")
        if storage.item_type == _BFLOAT16:  # the upper half of a float32
            flat = (np.frombuffer(data, f"{self._order}u2").astype(np.uint32) << 16).view(np.float32)
        else:
            flat = np.frombuffer(data, np.dtype(storage.item_type).newbyteorder(self._order))
        if flat.size == 0:
            return np.zeros(shape, flat.dtype.newbyteorder("="))
        strides = tuple(step * flat.itemsize for step in tensor.stride)
        return np.lib.stride_tricks.as_strided(flat, shape, strides, writeable=False).astype(
            flat.dtype.newbyteorder("="), order="C"
        )

    def _open_archive(self) -> Value:
        with zipfile.ZipFile(self._file) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            descriptions = [name for name in entries if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(descriptions) != 1:
                raise _Refused("it is an archive, but none that PyTorch writes.")
            folder = descriptions[0].removesuffix("data.pkl")
            if entries[descriptions[0]].file_size > MAX_PICKLE_BYTES:
                raise _Refused("its description is larger than any model's.")
            for entry in entries.values():
                is_plain = entry.compress_type == zipfile.ZIP_STORED and entry.file_size == entry.compress_size
                if not is_plain or entry.file_size > self.num_bytes or entry.flag_bits & 1:
                    raise _Refused("it is compressed or encrypted, which PyTorch never does.")
            order = entries.get(folder + "byteorder")
            if order is not None and archive.read(order)[:8] == b"big":
                self._order = ">"
            content = _follow(io.BytesIO(archive.read(descriptions[0])))
            for name, entry in entries.items():
                if name.startswith(folder + "data/"):
                    self._places[name.removeprefix(folder + "data/")] = (self._begin_of(entry), entry.file_size)
            return content

    def _begin_of(self, entry: zipfile.ZipInfo) -> int:
        """Where an entry's bytes begin: behind its own header, whose name and notes may be longer than the directory says."""
        self._file.seek(entry.header_offset)
        header = self._file.read(30)
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        return int(entry.header_offset + 30 + name_length + extra_length)

    def _open_row_of_pickles(self) -> Value:
        bounded = _Bounded(self._file, self.num_bytes)
        if _follow(bounded) != LEGACY_MAGIC or _follow(bounded) != LEGACY_VERSION:
            raise _Damaged("no magic number")
        system = _follow(bounded)
        if isinstance(system, dict) and system.get("little_endian") is False:
            self._order = ">"
        content = _follow(bounded)
        keys = _follow(bounded)
        sizes = {storage.key: storage.item_bytes for storage in _storages_in(content)}
        if not isinstance(keys, list):
            raise _Damaged("no list of storages")
        for key in keys:
            count = struct.unpack(f"{self._order}q", bounded.read(8))[0]
            if key not in sizes or count < 0:
                raise _Damaged("a storage of no tensor")
            begin = self._file.tell()
            self._places[key] = (begin, count * sizes[key])
            if begin + count * sizes[key] > self.num_bytes:
                raise _Damaged("the file ends in a storage")
            self._file.seek(begin + count * sizes[key])
        return content


def tensors_in(content: Value) -> Iterator[tuple[tuple[str, ...], dict[str, StoredTensor]]]:
    """The dictionaries of a file's content that hold tensors by name, each with the words that lead to it."""
    for where, found in _dictionaries_in(content):
        tensors = {key: value for key, value in found.items() if isinstance(key, str) and isinstance(value, StoredTensor)}
        if tensors:
            yield where, tensors


def _dictionaries_in(content: Value) -> Iterator[tuple[tuple[str, ...], dict[Any, Value]]]:  # Any: keys of the file
    seen: set[int] = set()  # a file can name one thing many times, and a thing within itself
    waiting: list[tuple[tuple[str, ...], Value]] = [((), content)]
    while waiting:
        where, value = waiting.pop(0)
        if id(value) in seen or len(where) > MAX_DEPTH:
            continue
        if isinstance(value, dict):
            seen.add(id(value))
            yield where, value
            waiting += [((*where, str(key)[:200]), inner) for key, inner in value.items() if isinstance(inner, dict | list | tuple)]
        elif isinstance(value, list | tuple):
            seen.add(id(value))
            waiting += [
                ((*where, str(index)), inner) for index, inner in enumerate(value) if isinstance(inner, dict | list | tuple)
            ]


def _storages_in(content: Value) -> Iterator[Storage]:
    seen: set[int] = set()
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, StoredTensor):
            yield value.storage
        elif isinstance(value, Storage):
            yield value
        elif isinstance(value, dict | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            waiting += value.values() if isinstance(value, dict) else value


class _Bounded:
    """What pickletools reads from: never more than there is, whatever length the file claims."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._length = file, length

    def read(self, count: int) -> bytes:
        if not 0 <= count <= min(self._length - self._file.tell(), MAX_PICKLE_BYTES):
            raise _Damaged("the file ends in its description")
        return self._file.read(count)

    def readline(self) -> bytes:
        return self._file.readline(MAX_NAME_BYTES)

    def tell(self) -> int:
        return self._file.tell()


MAX_NAME_BYTES = 1 << 12  # of a line of text in a pickle: a number, or the name of a class

_MARK = object()


class _Stack:
    """Values while a pickle is followed."""

    def __init__(self) -> None:
        self._values: list[Value] = []
        self.memo: dict[int, Value] = {}
        self.num_copied = 0  # items that exist twice: a file of some bytes must not become a list of gigabytes

    def push(self, value: Value) -> None:
        self._values.append(value)

    def pop(self) -> Value:
        value = self._values.pop()
        if value is _MARK:
            raise _Damaged("a mark in the place of a value")
        return value

    def top(self) -> Value:
        if self._values[-1] is _MARK:
            raise _Damaged("a mark in the place of a value")
        return self._values[-1]

    def to_mark(self) -> list[Value]:
        """Take all values down to the last mark, and the mark."""
        taken = []
        while (value := self._values.pop()) is not _MARK:
            taken.append(value)
        return taken[::-1]

    def mark(self) -> None:
        self._values.append(_MARK)


_CONSTANTS: dict[str, Callable[[], Value]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": _Thing,
    "EMPTY_TUPLE": tuple,
}
_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
_IGNORED = {"PROTO", "FRAME"}


def _follow(file: Any) -> Value:  # Any: io.BytesIO or _Bounded
    """Follow one pickle up to its end, and give what it describes. Raises _Refused, and what _CONTRADICTIONS lists."""
    stack = _Stack()
    for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if number > MAX_OPCODES:
            raise _Refused("its description is longer than any model's.")
        name = opcode.name
        if name == "STOP":
            return stack.pop()
        if name in _LITERALS:
            stack.push(argument)
        elif name in _CONSTANTS:
            stack.push(_CONSTANTS[name]())
        elif name not in _IGNORED:
            _step(name, argument, stack)
    raise _Damaged("no end")


def _step(name: str, argument: Any, stack: _Stack) -> None:  # Any: of pickletools
    """What moves values about; the rest is left to `_gather` and `_describe`."""
    match name:
        case "MARK":
            stack.mark()
        case "POP" | "BUILD":  # BUILD: what an object remembers, such as the versions of a network's layers
            stack.pop()
        case "POP_MARK" | "ADDITEMS":
            stack.to_mark()
        case "DUP":
            stack.push(stack.top())
        case "MEMOIZE":
            stack.memo[len(stack.memo)] = stack.top()
        case "PUT" | "BINPUT" | "LONG_BINPUT":
            stack.memo[int(argument)] = stack.top()
        case "GET" | "BINGET" | "LONG_BINGET":
            stack.push(stack.memo[int(argument)])
        case _:
            if not _gather(name, stack):
                _describe(name, argument, stack)


def _gather(name: str, stack: _Stack) -> bool:
    """What makes tuples, lists and dictionaries of values. False if this is no such step."""
    match name:
        case "TUPLE":
            stack.push(tuple(stack.to_mark()))
        case "TUPLE1" | "TUPLE2" | "TUPLE3":
            stack.push(tuple([stack.pop() for _ in range(int(name[-1]))][::-1]))
        case "LIST":
            stack.push(stack.to_mark())
        case "DICT":
            stack.push(_pairs(stack.to_mark()))
        case "APPEND" | "APPENDS":
            values = stack.to_mark() if name == "APPENDS" else [stack.pop()]
            _extend(stack.top(), values)
        case "SETITEM" | "SETITEMS":
            values = stack.to_mark() if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
            _fill(stack.top(), _pairs(values))
        case _:
            return False
    return True


def _describe(name: str, argument: Any, stack: _Stack) -> None:  # Any: of pickletools
    """What names, calls and stores; calls are noted, not made."""
    match name:
        case "GLOBAL":
            stack.push(_named(*str(argument).split(" ", 1)))
        case "STACK_GLOBAL":
            last, first = stack.pop(), stack.pop()
            stack.push(_named(first, last))
        case "REDUCE" | "NEWOBJ":
            arguments, called = stack.pop(), stack.pop()
            stack.push(_made(called, arguments, stack))
        case "BINPERSID":
            stack.push(_storage(stack.pop()))
        case _:
            raise _Refused(f"it uses {name}, which no file of weights needs.")


def _pairs(values: list[Value]) -> dict[Any, Value]:  # Any: keys of the file
    return dict(zip(values[::2], values[1::2], strict=True))


def _extend(target: Value, values: list[Value]) -> None:
    if isinstance(target, list):
        target += values
    elif not isinstance(target, _Thing):
        raise _Damaged("an element of no list")


def _named(module: Value, name: Value) -> _Name:
    if not isinstance(module, str) or not isinstance(name, str):
        raise _Damaged("a name that is no text")
    text = f"{module} {name}"
    if module in _STORAGE_MODULES and name in _ITEM_TYPES:
        return _Name(text)
    if text in _DICTIONARIES or text in _TENSORS or text in _WRAPPERS or text in _BESIDE:
        return _Name(text)
    shown = f"{module}.{name}"[:100]
    if module.startswith(_OF_NETWORKS):
        raise _Refused(
            f"it holds a whole network as a Python object ({shown}), which cannot be read without running it. "
            "In the program that made it, save network.state_dict() instead."
        )
    raise _Refused(f"it wants to use {shown!r}, which no file of weights needs.")


def _made(called: Value, arguments: Value, stack: _Stack) -> Value:
    """What a call would give; it is not made."""
    if not isinstance(called, _Name) or not isinstance(arguments, tuple):
        raise _Refused("it calls something that is no function.")
    if called.text in _DICTIONARIES:
        items = arguments[0] if arguments else {}
        if isinstance(items, dict):
            return items
        if not isinstance(items, list):  # the factory of a defaultdict
            return {}
        stack.num_copied += len(items)
        if stack.num_copied > MAX_OPCODES:
            raise _Refused("its description is longer than any model's.")
        return dict(items)  # so Python 2 wrote an ordered dictionary
    if called.text in _TENSORS:
        return _tensor(*arguments[:4])
    if called.text in _WRAPPERS:
        return arguments[0]
    return _Thing()


def _tensor(storage: Value, offset: Value, shape: Value, stride: Value) -> StoredTensor:
    numbers = (offset, *shape, *stride)
    if not isinstance(storage, Storage) or len(shape) != len(stride) or len(shape) > MAX_DIMENSIONS:
        raise _Damaged("a tensor of no storage")
    if any(type(number) is not int or not 0 <= number < 1 << 48 for number in numbers):
        raise _Damaged("a tensor's shape")
    return StoredTensor(storage, offset, tuple(shape), tuple(stride))


def _storage(value: Value) -> Storage:
    """('storage', type, key, device, items), in older files with None or (key, start, items) of a view at the end."""
    if not isinstance(value, tuple) or len(value) not in (5, 6) or value[0] != "storage" or not isinstance(value[1], _Name):
        raise _Damaged("no storage")
    item_type = _ITEM_TYPES.get(value[1].text.rpartition(" ")[2])
    key, count = value[2], value[4]
    start = 0
    if len(value) == 6 and value[5] is not None:
        _, start, count = value[5]
    if item_type is None or not isinstance(key, str) or any(type(n) is not int or not 0 <= n < 1 << 48 for n in (start, count)):
        raise _Damaged("no storage")
    return Storage(key, item_type, start, count)


def _fill(target: Value, items: dict[Any, Value]) -> None:  # Any: keys of the file
    if isinstance(target, dict):
        target |= items
    elif not isinstance(target, _Thing):
        raise _Damaged("an item of no dictionary")


_CONTRADICTIONS = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, UnicodeError),
    *(struct.error, zipfile.BadZipFile, NotImplementedError, EOFError, MemoryError),
    Warning,  # of escapes in texts, where warnings are errors
)
"""What reading a damaged or invented file can raise."""
