"""The error of the library. Codes are those of the npm package (docs/errors.md)."""


class PathSignatureError(Exception):
    """A bad argument, or a failure of the binary.

    `code` is stable: it keeps its meaning across versions. `argument` is the name of the argument.
    """

    def __init__(self, code: str, argument: str, received: str, accepted: str) -> None:
        super().__init__(f"{argument}: received {received}; accepted: {accepted} [{code}]")
        self.code = code
        self.argument = argument

    def __reduce__(self) -> tuple[object, ...]:
        # Errors of Spark's Python workers travel between processes.
        return (_rebuild, (type(self), str(self), self.code, self.argument))


class PathSignatureTypeError(PathSignatureError, TypeError):
    """A value has the wrong type or form."""


class PathSignatureRangeError(PathSignatureError, ValueError):
    """A number is out of bounds."""


def _rebuild(kind: type[PathSignatureError], text: str, code: str, argument: str) -> PathSignatureError:
    error = kind.__new__(kind)
    Exception.__init__(error, text)
    error.code, error.argument = code, argument
    return error
