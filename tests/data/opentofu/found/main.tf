# A cluster that somebody else has made: it is only looked up.

variable "kubeconfig" {
  type = string
}

output "kubeconfig" {
  value     = file(var.kubeconfig)
  sensitive = true
}
