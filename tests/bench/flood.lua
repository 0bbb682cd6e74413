-- wrk: sign-ins that fail, each from an address and to an account of its own; how they were answered.  FLOOD_PAUSE_MS:
-- each client waits so long before it comes again.
local pause = tonumber(os.getenv("FLOOD_PAUSE_MS") or "0")
if pause > 0 then
	function delay() return pause end
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
math.randomseed(os.time())

local seen = {}
local threads = {}

request = function()
	local n = math.random(1, 16000000)
	wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.floor(n / 65536),
		math.floor(n / 256) % 256, n % 256)
	return wrk.format(nil, nil, nil,
		string.format('{"tenant":"acme","email":"u%d@acme.test","password":"not this one"}', n))
end

setup = function(thread)
	table.insert(threads, thread)
end

init = function()
	counts = ""
end

response = function(status)
	seen[status] = (seen[status] or 0) + 1
	counts = ""
	for s, n in pairs(seen) do
		counts = counts .. s .. ":" .. n .. " "
	end
end

done = function()
	for _, thread in ipairs(threads) do
		io.write(thread:get("counts") .. "\n")
	end
end
