output "kubeconfig" {
  description = "The kubeconfig of the cluster, with the right to manage all of it"
  value       = openstack_containerinfra_cluster_v1.hub.kubeconfig.raw_config
  sensitive   = true
}

output "api_address" {
  description = "The address of the API server"
  value       = openstack_containerinfra_cluster_v1.hub.api_address
}
