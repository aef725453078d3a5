# flowctl's control plane as a Nomad job:
#   nomad job run -var datacenters='["dc1"]' flowctl-server.nomad.hcl
# The client has the binary and a host volume called flowctl, where the data stay.

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

variable "flowctl" {
  type        = string
  default     = "/usr/local/bin/flowctl"
  description = "The flowctl binary on the client."
}

job "flowctl-server" {
  datacenters = var.datacenters
  type        = "service"

  update {
    # One at a time: a SQLite store has one server.
    max_parallel     = 1
    health_check     = "checks"
    min_healthy_time = "10s"
    healthy_deadline = "2m"
    auto_revert      = true
  }

  group "server" {
    count = 1

    restart {
      attempts = 10
      interval = "5m"
      delay    = "2s"
      mode     = "delay"
    }

    network {
      port "control" {
        static = 8080
      }
      port "health" {
        static = 8088
      }
    }

    volume "data" {
      type      = "host"
      source    = "flowctl"
      read_only = false
    }

    service {
      name     = "flowctl-server"
      provider = "nomad"
      port     = "control"
      # As in the settings below: only this machine reaches it.
      address  = "127.0.0.1"
      tags     = ["grpc", "rest"]

      check {
        name     = "ready"
        type     = "http"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "server" {
      driver = "exec"

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      template {
        destination = "${NOMAD_TASK_DIR}/server.yaml"
        data        = <<EOF
# Others reach it only with TLS and tokens: see configs/server/server.yaml.
listen: 127.0.0.1:8080
data_dir: /data
history: 30d
max_lag: 1000
log_format: json
EOF
      }

      env {
        HEALTH_PORT = "${NOMAD_PORT_health}"
      }

      config {
        command = var.flowctl
        args    = ["server", "--config", "${NOMAD_TASK_DIR}/server.yaml"]
      }

      # The server drains when it is asked to stop.
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu    = 500
        memory = 512
      }
    }
  }
}
