variable "name" {
  description = "The name of the cluster"
  type        = string
}

variable "auth_url" {
  description = "The address of the identity service"
  type        = string

  validation {
    condition     = startswith(var.auth_url, "https://")
    error_message = "The credential is sent to this address: it has to begin with https://."
  }
}

variable "region" {
  description = "The region; empty for the only one"
  type        = string
  default     = ""
}

variable "cluster_template" {
  description = "The name of the cluster template"
  type        = string
}

variable "keypair" {
  description = "The key pair for the nodes; empty for none"
  type        = string
  default     = ""
}

variable "flavor" {
  description = "The flavor of the nodes; empty for the one of the template"
  type        = string
  default     = ""
}

variable "masters" {
  description = "How many nodes run the control plane"
  type        = number
  default     = 1
}

variable "nodes" {
  description = "How many nodes run workloads"
  type        = number
  default     = 2
}
