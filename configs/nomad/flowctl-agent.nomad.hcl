# An agent of a flowctl fleet on every Nomad client:
#   nomad job run -var datacenters='["dc1"]' flowctl-agent.nomad.hcl
# The clients have the binary and a host volume called flowctl-agent, where assignments,
# checkpoints and spools stay.

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

variable "flowctl" {
  type        = string
  default     = "/usr/local/bin/flowctl"
  description = "The flowctl binary on the client."
}

variable "server" {
  type        = string
  default     = "http://127.0.0.1:8080"
  description = "The control plane."
}

variable "nats" {
  type        = string
  default     = "nats://127.0.0.1:4222"
  description = "The NATS that joins the agents."
}

variable "role" {
  type        = string
  default     = "any"
  description = "Value of the label role, which placement goes by."
}

job "flowctl-agent" {
  datacenters = var.datacenters
  # One on each client: an agent's checkpoints stay on its disk.
  type = "system"

  group "agent" {
    restart {
      attempts = 10
      interval = "5m"
      delay    = "2s"
      mode     = "delay"
    }

    network {
      port "health" {}
    }

    volume "data" {
      type      = "host"
      source    = "flowctl-agent"
      read_only = false
    }

    service {
      name     = "flowctl-agent"
      provider = "nomad"
      port     = "health"
      # As below: only this machine reaches it.
      address = "127.0.0.1"

      check {
        name     = "live"
        type     = "http"
        path     = "/live"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "agent" {
      driver = "exec"

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      template {
        destination = "${NOMAD_TASK_DIR}/agent.yaml"
        data        = <<EOF
name: ${node.unique.name}
labels: { role: ${var.role} }
server: ${var.server}
nats: ${var.nats}
data_dir: /data
log_format: json
EOF
      }

      env {
        HEALTH_PORT = "${NOMAD_PORT_health}"
      }

      config {
        command = var.flowctl
        args    = ["agent", "--config", "${NOMAD_TASK_DIR}/agent.yaml"]
      }

      # The agent drains when it is asked to stop.
      kill_signal  = "SIGTERM"
      kill_timeout = "60s"

      resources {
        cpu    = 1000
        memory = 1024
      }
    }
  }
}
