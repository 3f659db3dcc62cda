// Checks the metadata of an Arrow IPC stream before apache-arrow reads it. apache-arrow trusts the
// counts in it: a few flipped bits make it create two thousand million fields. Here every count is
// checked against the number of bytes present. arrow.ts checks the contents of the columns.

import type { Field } from "apache-arrow/fb/field";
import { Message } from "apache-arrow/fb/message";
import { MessageHeader } from "apache-arrow/fb/message-header";
import { RecordBatch } from "apache-arrow/fb/record-batch";
import { Schema } from "apache-arrow/fb/schema";
import { ByteBuffer } from "flatbuffers";
import { limits } from "../limits.ts";
import { Problem } from "../problem.ts";

/** Fields of a schema, children included: one column per channel, or a list in a list. */
const mostFields = limits.channels + 4;
/** Custom metadata of a schema or a field. */
const mostNotes = 64;
/** Record batches of one stream. */
const mostMessages = 1024;

const broken = (what: string) => new Problem(400, "body", `The Arrow stream is broken: ${what}.`);

function hold(count: number, most: number, what: string): void {
  if (!(count >= 0 && count <= most)) throw broken(`it claims ${count} ${what}`);
}

/** Counts down from `mostFields`, so that fields that contain each other terminate too. */
function checkFields(field: Field, left: { count: number }): void {
  if (--left.count < 0) throw broken(`it claims more than ${mostFields} fields`);
  hold(field.customMetadataLength(), mostNotes, "notes on a field");
  if (field.dictionary()) throw new Problem(422, field.name() ?? "body", "Dictionaries hold no numbers.");
  hold(field.childrenLength(), mostFields, "fields in a field");
  for (let i = 0; i < field.childrenLength(); i++) checkFields(field.children(i) as Field, left);
}

function checkSchema(schema: Schema): void {
  hold(schema.customMetadataLength(), mostNotes, "notes on the schema");
  hold(schema.fieldsLength(), mostFields, "fields");
  const left = { count: mostFields };
  for (let i = 0; i < schema.fieldsLength(); i++) checkFields(schema.fields(i) as Field, left);
}

/**
 * Nodes and buffers take 16 bytes of metadata each, and a row takes at least one byte of the body.
 */
function checkBatch(batch: RecordBatch, metadataBytes: number, bodyBytes: number): void {
  hold(batch.nodesLength(), Math.min(mostFields, metadataBytes / 16), "columns in a batch");
  hold(batch.buffersLength(), metadataBytes / 16, "buffers in a batch");
  hold(batch.variadicBufferCountsLength(), 0, "columns of views");
  hold(Number(batch.length()), bodyBytes, "rows");
  for (let i = 0; i < batch.nodesLength(); i++) {
    const node = batch.nodes(i);
    hold(Number(node?.length() ?? 0), bodyBytes, "rows in a column");
    hold(Number(node?.nullCount() ?? 0), bodyBytes, "nulls in a column");
  }
  if (batch.compression())
    throw new Problem(415, "body", "Arrow buffers may not be compressed; the whole body may be.");
}

/**
 * The messages of a stream, without the end marker and padding behind it: apache-arrow would take
 * what it finds there for another stream.
 * @throws Problem 400, 415, 422; and any error where an offset points outside the metadata
 */
export function checkedMessages(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let end = 0;
  for (let count = 0; at + 4 <= bytes.length; count++) {
    if (count > mostMessages) throw broken(`it has more than ${mostMessages} messages`);
    // The continuation marker of a message; streams older than Arrow 0.15 have none.
    if (view.getInt32(at, true) === -1) at += 4;
    const metadataBytes = at + 4 <= bytes.length ? view.getInt32(at, true) : 0;
    at += 4;
    if (metadataBytes === 0) break;
    hold(metadataBytes, bytes.length - at, "bytes of metadata");
    const message = Message.getRootAsMessage(new ByteBuffer(bytes.subarray(at, at + metadataBytes)));
    at += metadataBytes;
    const bodyBytes = Number(message.bodyLength());
    hold(bodyBytes, bytes.length - at, "bytes of a body");
    at += bodyBytes;
    end = at;
    hold(message.customMetadataLength(), mostNotes, "notes on a message");
    const type = message.headerType();
    const header = type === MessageHeader.Schema ? new Schema() : new RecordBatch();
    if (type !== MessageHeader.Schema && type !== MessageHeader.RecordBatch)
      throw broken("it holds something else than a schema and batches of rows");
    if (!message.header(header)) throw broken("a message is empty");
    if (header instanceof RecordBatch) checkBatch(header, metadataBytes, bodyBytes);
    else {
      // apache-arrow does not skip the body of a schema, and would read it as messages.
      hold(bodyBytes, 0, "bytes behind the schema");
      hold(count, 0, "messages before the schema");
      checkSchema(header);
    }
  }
  if (bytes.subarray(at).some((byte) => byte !== 0)) throw broken("there is something behind its end");
  return bytes.subarray(0, end);
}
