# What the step reads. The kubeconfig has to hold all that it needs: no paths, and no program that logs in.
output "kubeconfig" {
  description = "The kubeconfig of the cluster, with the right to manage all of it"
  value       = "" # such as example_cluster.hub.kubeconfig
  sensitive   = true
}
