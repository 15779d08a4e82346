-- The health of an Application, as the waves of its parent wait for it: healthy, at the wanted state, and not
-- failed. Argo CD has no check of its own for this kind since 1.8 (operator manual, health, "Argocd App").
local state = obj.status
if state == nil or state.health == nil or state.sync == nil then
  return { status = "Progressing", message = "waiting for the first comparison" }
end

-- A failed sync counts as long as the Application differs from git: a commit that takes the mistake back can leave
-- nothing to sync, and then Argo CD keeps the old failure for ever.
local last = state.operationState
local failed = last ~= nil and (last.phase == "Failed" or last.phase == "Error")
if failed and state.sync.status ~= "Synced" then
  return { status = "Degraded", message = last.message or "the last sync failed" }
end

-- Where nobody syncs by itself, a difference from git is somebody's decision, and waiting for its end has no end.
-- `Unknown` is different: the manifests could not be made, whatever the health says.
local policy = obj.spec.syncPolicy
local automated = policy ~= nil and policy.automated ~= nil and policy.automated.enabled ~= false
local waiting = automated and state.sync.status ~= "Synced" or state.sync.status == "Unknown"
if state.health.status == "Healthy" and waiting then
  return { status = "Progressing", message = "sync status is " .. (state.sync.status or "unknown") }
end

return { status = state.health.status or "Progressing", message = state.health.message or "" }
