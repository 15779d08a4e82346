data "openstack_containerinfra_clustertemplate_v1" "hub" {
  name = var.cluster_template
}

resource "openstack_containerinfra_cluster_v1" "hub" {
  name                = var.name
  cluster_template_id = data.openstack_containerinfra_clustertemplate_v1.hub.id
  keypair             = var.keypair == "" ? null : var.keypair
  flavor              = var.flavor == "" ? null : var.flavor
  master_count        = var.masters
  node_count          = var.nodes

  # A template of the same name that was made anew is no reason to make the cluster anew.
  lifecycle {
    ignore_changes = [cluster_template_id]
  }

  timeouts {
    create = "60m"
    update = "60m"
    delete = "30m"
  }
}
