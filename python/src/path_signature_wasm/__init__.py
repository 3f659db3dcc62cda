"""Path signatures and log-signatures by the WebAssembly binary of path-signature, in wasmtime."""

from .errors import PathSignatureError, PathSignatureRangeError, PathSignatureTypeError
from .functions import log_signature, log_signature_size, signature, signature_size, window_counts, words

__all__ = [
    "PathSignatureError",
    "PathSignatureRangeError",
    "PathSignatureTypeError",
    "log_signature",
    "log_signature_size",
    "signature",
    "signature_size",
    "window_counts",
    "words",
]
