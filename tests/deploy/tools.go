//go:build tools

// The programs that run.sh builds, so that their versions are pinned here.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
