/** The systemd unit of the server: `configs/systemd/flowctl-server.service` and `flowctl install`. */

export interface UnitOptions {
  /** Path of the flowctl binary. */
  readonly binary: string;
  /** Path of the settings file; undefined: options and defaults alone. */
  readonly config: string | undefined;
}

/** Of a path: systemd splits at blanks, and takes % and $ for its own. */
const PLAIN_PATH = /^\/[A-Za-z0-9_./+@:-]+$/;

export function isUnitPath(path: string): boolean {
  return PLAIN_PATH.test(path);
}

/** The unit's text. The paths must be plain: see `isUnitPath`. */
export function systemdUnit({ binary, config }: UnitOptions): string {
  const args = config === undefined
    ? "--data-dir ${STATE_DIRECTORY} --log-format json"
    : `--data-dir \${STATE_DIRECTORY} --config ${config}`;
  return `# flowctl's control plane.
#   sudo cp flowctl-server.service /etc/systemd/system/
#   sudo systemctl daemon-reload && sudo systemctl enable --now flowctl-server

[Unit]
Description=flowctl control plane
Documentation=http://127.0.0.1:8080/docs
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=10

[Service]
# The server tells systemd by systemd-notify, a process of its own, that it is ready and alive.
Type=notify
NotifyAccess=all
WatchdogSec=30
ExecStart=${binary} server ${args}
# Secrets such as FLOWCTL_DB_PASSWORD=…, if there are any.
EnvironmentFile=-/etc/flowctl/server.env
Restart=always
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=65536

DynamicUser=yes
StateDirectory=flowctl
StateDirectoryMode=0700
ConfigurationDirectory=flowctl
WorkingDirectory=%S/flowctl
UMask=0077

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute is not set: the just-in-time compiler makes pages that it then runs.

[Install]
WantedBy=multi-user.target
`;
}
