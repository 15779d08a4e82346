-- The health of an object by its conditions: all of `needed` must be true, in whatever order they are listed, and
-- must have seen the object as it is now.
local seen = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    seen[condition.type] = condition
  end
end

local health = { status = "Healthy", message = "" }
for _, name in ipairs(needed) do
  local condition = seen[name]
  local stale = condition ~= nil and condition.observedGeneration ~= nil and obj.metadata.generation ~= nil
    and condition.observedGeneration < obj.metadata.generation
  local wanting = condition == nil or stale or condition.status ~= "True"
  if wanting and health.status ~= "Degraded" then
    local failed = not stale and condition ~= nil and condition.status == "False" and hard[name] == true
    if failed or health.status == "Healthy" then
      local message = "waiting for " .. name
      if condition ~= nil and not stale then
        message = name .. " is " .. condition.status .. ": " .. (condition.message or condition.reason or "no reason")
      end
      health = { status = failed and "Degraded" or "Progressing", message = message }
    end
  end
end
return health
