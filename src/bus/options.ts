/** How the bus is reached, and how its edges are kept. */

/** One way to say who one is; several servers share it. */
export interface BusCredentials {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Path of a file with an nkey seed. */
  readonly nkey_file?: string;
  /** Path of a `.creds` file: a JWT and its seed. */
  readonly creds_file?: string;
  /** Paths of PEM files: the authority that signed the server, and one's own certificate. */
  readonly tls_ca?: string;
  readonly tls_cert?: string;
  readonly tls_key?: string;
}

export interface BusConnectOptions {
  /** `nats://`, `tls://` or host:port; several separated by commas. User info in it counts. */
  readonly servers: string;
  readonly credentials?: BusCredentials;
  /** As which this process shows up at the server. */
  readonly name: string;
  /** Monitoring address of the server, `http://host:8222`, to read its sync settings from. */
  readonly monitor_url?: string;
}
