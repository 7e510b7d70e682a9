-- Posts the lines of a file, each once; without a file it gets the address of the command line.
local bodies
function init(arguments)
  if arguments[1] then bodies = io.lines(arguments[1]) end
end
function request()
  if not bodies then return wrk.format("GET") end
  local body = bodies()
  if not body then
    wrk.thread:stop()
    body = ""
  end
  return wrk.format("POST", nil, { ["Content-Type"] = "application/x-www-form-urlencoded" }, body)
end
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("@ %d %d %d\n", summary.requests, summary.duration, wrong))
end
