# Each variable without a default is given by the step in porter.yaml: values under `variables`, secrets by reference
# under `secrets`. A variable for a secret is `sensitive`.
variable "name" {
  description = "The name of the cluster"
  type        = string
}
