// The place of a result: written under a temporary name beside it and renamed when it is complete,
// so that a run that is killed leaves nothing half.

import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { reasonOf } from "../input/errors.ts";
import { Fault } from "./fault.ts";
import { expectRemoval, forget } from "./leftovers.ts";

export class Place {
  readonly file: string;
  readonly part: string;

  constructor(file: string) {
    this.file = file;
    this.part = `${file}.${process.pid}.part`;
  }

  /** The file under its temporary name. @throws Fault if it cannot be written */
  async open(): Promise<FileHandle> {
    try {
      expectRemoval(this.part);
      return await open(this.part, "w");
    } catch (error) {
      throw new Fault(`${this.file} cannot be written: ${reasonOf(error)}`);
    }
  }

  async finish(): Promise<void> {
    await rename(this.part, this.file);
    forget(this.part);
  }

  async remove(): Promise<void> {
    await rm(this.part, { force: true });
    forget(this.part);
  }
}
