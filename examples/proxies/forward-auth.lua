-- HAProxy: gets the user of a request from yoshikosan, and stores the response in variables of the transaction.
local address = "http://127.0.0.1:6666/api/auth/verify"
local asked = { "cookie", "accept", "sec-fetch-mode", "host", "x-forwarded-for", "x-forwarded-proto" }
local returned = { "remote-user", "remote-email", "remote-email-verified", "remote-name", "x-application-cookie" }

core.register_action("verify_session", { "http-req" }, function(txn)
    local client = txn.http:req_get_headers()
    local headers = {
        ["x-forwarded-method"] = { txn.sf:method() },
        ["x-forwarded-uri"] = { txn.sf:pathq() },
    }
    for _, name in ipairs(asked) do
        if client[name] then
            local values = {}
            for index = 0, #client[name] do
                values[#values + 1] = client[name][index]
            end
            headers[name] = values
        end
    end
    local response = core.httpclient():get({ url = address, headers = headers, timeout = 4000 })
    txn:set_var("txn.status", response and response.status or 503)
    if not response or not response.headers then
        return
    end
    local function first(name)
        return response.headers[name] and response.headers[name][0]
    end
    for _, name in ipairs(returned) do
        txn:set_var("txn." .. name:gsub("-", "_"), first(name) or "")
    end
    if response.status == 401 and first("location") then
        txn:set_var("txn.sign_in", first("location"))
    end
end)
