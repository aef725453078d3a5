/** A generated type as data, for code that handles any type. */

import type { Skip, XdrBytes } from "./xdr-bytes.ts";
import type { XdrView } from "./xdr-view.ts";

interface StructInfo {
  readonly kind: "struct";
  readonly skip: Skip;
  readonly view: (xdr: XdrBytes, offset: number) => XdrView;
  /** The getters of the view, in the order of the wire. */
  readonly fields: readonly string[];
}

interface UnionInfo {
  readonly kind: "union";
  readonly skip: Skip;
  readonly view: (xdr: XdrBytes, offset: number) => XdrView;
  /** The getter of the discriminant. */
  readonly key: string;
  /** By discriminant: the case's name and the getter of its arm; undefined: a void arm. */
  readonly cases: ReadonlyMap<
    number,
    { readonly name: string; readonly field: string | undefined }
  >;
}

interface EnumInfo {
  readonly kind: "enum";
  readonly skip: Skip;
  readonly nameOf: (value: number) => string | undefined;
}

export type XdrTypeInfo = StructInfo | UnionInfo | EnumInfo;
