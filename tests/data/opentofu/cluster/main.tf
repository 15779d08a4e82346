# A cluster of the testbed, made as a module makes one in a cloud: what is below it first, then the cluster, then what is
# done to it. The testbed's supervisor is the cloud.

terraform {
  required_providers {
    time = { source = "hashicorp/time" }
  }
}

variable "name" {
  type = string
}

variable "testbed" {
  type = object({ program = string, dir = string })
}

# How long the network takes.
variable "network" {
  type    = object({ create = string, destroy = string })
  default = { create = "0s", destroy = "0s" }
}

variable "whole" {
  type    = bool
  default = false
}

# Another one makes the cluster anew.
variable "generation" {
  type    = number
  default = 1
}

variable "fails" {
  type    = bool
  default = false
}

variable "token" {
  type      = string
  sensitive = true
  default   = ""
}

resource "time_sleep" "network" {
  create_duration  = var.network.create
  destroy_duration = var.network.destroy
}

resource "terraform_data" "cluster" {
  depends_on       = [time_sleep.network]
  input            = merge(var.testbed, { name = var.name, flags = var.whole ? "--whole" : "" })
  triggers_replace = [var.generation]

  provisioner "local-exec" {
    command = "${self.output.program} cluster-up ${self.output.name} ${self.output.flags} --dir ${self.output.dir}"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "${self.output.program} cluster-down ${self.output.name} --dir ${self.output.dir}"
  }
}

resource "terraform_data" "addon" {
  depends_on       = [terraform_data.cluster]
  input            = var.token
  triggers_replace = [var.fails]

  provisioner "local-exec" {
    command = var.fails ? "echo no addon today; false" : "true"
  }
}

output "kubeconfig" {
  value     = try(file("${terraform_data.cluster.output.dir}/guests/${terraform_data.cluster.output.name}/config"), "")
  sensitive = true
}

output "facts" {
  value = { name = terraform_data.cluster.output.name, generation = var.generation }
}

output "token" {
  value     = var.token
  sensitive = true
}
