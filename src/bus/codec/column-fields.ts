/** The fields of `flowctl.bus.v1.ColumnValues`: which one a column's values are in. */

import type { ColumnType } from "../../events/event-type.ts";
import { tagOf } from "./byte-reader.ts";
import { DELIMITED } from "./byte-writer.ts";

/** A bit per row, the lowest first: set where the row has a value. */
export const PRESENT = tagOf(1, DELIMITED);
export const BLOB = tagOf(9, DELIMITED);

/** All but blobs are packed: one field holds the values one after another. */
export const VALUES: Readonly<Record<ColumnType, number>> = {
  string: tagOf(2, DELIMITED),
  decimal: tagOf(2, DELIMITED),
  json: tagOf(2, DELIMITED),
  strings: tagOf(3, DELIMITED),
  int32: tagOf(4, DELIMITED),
  int64: tagOf(5, DELIMITED),
  uint64: tagOf(6, DELIMITED),
  double: tagOf(7, DELIMITED),
  boolean: tagOf(8, DELIMITED),
  bytes: BLOB,
  timestamp: tagOf(10, DELIMITED),
};

/**
 * Most rows of one type in one ledger. A column in which all rows agree takes one value however
 * many they are, so the size of a message does not bound them.
 */
export const MAX_ROWS = 16_777_216;
