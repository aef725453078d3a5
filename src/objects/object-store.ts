/** What flowctl asks of a place that holds objects: a folder, a web server, a bucket. */

/** Objects above this size are refused: they are held in memory whole. */
export const MAX_OBJECT_BYTES = 2 ** 30;

export interface ObjectInfo {
  /** Relative to the store's root, with `/` between its parts. */
  readonly key: string;
  readonly size_bytes: number;
}

export interface RequestOptions {
  /** Ends the request; what is thrown then is the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface GetOptions extends RequestOptions {
  /** Bytes `start` (included) to `end` (excluded); `end` may lie behind the object's end. */
  readonly range?: { readonly start: number; readonly end: number };
}

export interface ListOptions extends RequestOptions {
  /** Only keys that sort after this one. */
  readonly startAfter?: string;
  /** No more than this many, which also keeps pages small. */
  readonly limit?: number;
}

/**
 * Every call throws a `FlowctlError` of the area `objects/` that names the object and never a
 * credential; it is `retryable` when the same call may succeed later (503, 429, a lost connection,
 * a timeout). A missing object is `objects/not-found`; a missing bucket or folder is
 * `objects/rejected`, because no object will ever appear there by itself.
 */
export interface ObjectStore {
  /** The root as a person writes it, without credentials and without a slash at its end. */
  readonly url: string;
  /** False for a plain web server, where `list` always throws `objects/rejected`. */
  readonly canList: boolean;
  /** The object's address for messages, without credentials. */
  urlOf(key: string): string;
  get(key: string, options?: GetOptions): Promise<Uint8Array>;
  /** Undefined when there is no such object. */
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined>;
  /** Objects whose key starts with `prefix`, in the order of their UTF-8 bytes. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** The object appears whole or not at all, and replaces an older one of the same key. */
  put(key: string, bytes: Uint8Array, options?: RequestOptions): Promise<void>;
  /**
   * As `put`, of a file on this machine, which stays where it is and must not be changed
   * afterwards. Absent where nothing is gained by it.
   */
  putFile?(key: string, path: string, options?: RequestOptions): Promise<void>;
  /** Deleting what is not there succeeds. */
  delete(key: string, options?: RequestOptions): Promise<void>;
  close(): Promise<void>;
}

/** How to reach a store. Each scheme takes what concerns it; all of it is optional. */
export interface StoreOptions {
  /** A request without progress for this long has failed. Default 30,000. */
  readonly timeout_ms?: number;
  /** Ask without credentials, as public buckets allow. */
  readonly anonymous?: boolean;
  /** Another server than the provider's own: an S3 gateway, an emulator. */
  readonly endpoint?: string;
  /** s3: region of the bucket. */
  readonly region?: string;
  /** s3: bucket in the path instead of the host name. Default: true with an endpoint. */
  readonly path_style?: boolean;
  /** s3: profile of the shared AWS configuration files. */
  readonly profile?: string;
  readonly access_key_id?: string;
  readonly secret_access_key?: string;
  readonly session_token?: string;
  /** az: storage account, its key, a shared access signature, or all of these in one string. */
  readonly account_name?: string;
  readonly account_key?: string;
  readonly sas_token?: string;
  readonly connection_string?: string;
  /** Where the providers' usual variables are looked up (`AWS_REGION`, …). Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const DEFAULT_TIMEOUT_MS = 30_000;
