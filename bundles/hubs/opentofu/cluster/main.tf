# Put the resources of your cluster here, and delete this one: it refuses to be planned.
# Whatever makes a cluster that a kubeconfig leads to will do.
resource "terraform_data" "cluster" {
  input = var.name

  lifecycle {
    precondition {
      condition     = false
      error_message = "This bundle makes no cluster yet: put the resources of yours into cluster/main.tf."
    }
  }
}
