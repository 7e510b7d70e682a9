-- Posts the lines of a file, each once, or with "again" over and over; without a file it gets the address.
local file, again, bodies
function init(arguments)
  file, again = arguments[1], arguments[2]
  if file then bodies = io.lines(file) end
end
function request()
  if not bodies then return wrk.format("GET") end
  local body = bodies()
  if not body and again then
    bodies = io.lines(file)
    body = bodies()
  end
  return wrk.format("POST", nil, { ["Content-Type"] = "application/x-www-form-urlencoded" }, body or "")
end
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("@ %d %d %d\n", summary.requests, summary.duration, wrong))
end
