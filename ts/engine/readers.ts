// Readers for arguments of calls on engines: numbers in memory, or on a device.

import { isOnDevice, readCallAnywhere, readRowsOfShape } from "../gpu/index.ts";
import { FLOAT32 } from "../input/arrays.ts";
import { readCotangent } from "../input/cotangent.ts";
import { typeError } from "../input/errors.ts";
import type { Readers } from "../operations/descriptor.ts";

export const engineReaders: Readers = {
  call: (paths, options, other, names) => readCallAnywhere(paths, options, other, names).call,
  cotangent(value, call) {
    if (!isOnDevice(value)) return readCotangent(value, call);
    const { paths, stream, rows, row, dtype } = call;
    if (dtype !== FLOAT32)
      throw typeError("DTYPE_INVALID", "options.dtype", '"float64"', '"float32" for a cotangent on a device');
    return readRowsOfShape(value, "cotangent", "COTANGENT_SHAPE", [...paths.lead, ...(stream ? [rows] : []), row]);
  },
};
