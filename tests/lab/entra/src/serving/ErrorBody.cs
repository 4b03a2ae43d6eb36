// SPDX-License-Identifier: Apache-2.0
// {"error":{"code","message","innerError":{"date","request-id","client-request-id"}}}
namespace Causeway.Lab.Entra;

static class ErrorBody
{
    public static Answer Of(GraphException error, Exchange exchange, DateTimeOffset now)
    {
        var answer = Answer.Json(error.Status, w =>
        {
            w.WriteStartObject("error");
            w.WriteString("code", error.Code);
            w.WriteString("message", error.Message);
            w.WriteStartObject("innerError");
            w.WriteString("date", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss"));
            w.WriteString("request-id", exchange.RequestId);
            w.WriteString("client-request-id", exchange.ClientRequestId);
            w.WriteEndObject();
            w.WriteEndObject();
        }, "application/json");
        answer.Headers.AddRange(error.Headers);
        Identify(answer, exchange, now);
        return answer;
    }

    /* The headers that every answer of Graph carries. */
    public static void Identify(Answer answer, Exchange exchange, DateTimeOffset now)
    {
        answer.Headers.Add(new("request-id", exchange.RequestId));
        answer.Headers.Add(new("client-request-id", exchange.ClientRequestId));
        if (exchange.BatchId != null)
            return;
        answer.Headers.Add(new("Date", now.UtcDateTime.ToString("R")));
        answer.Headers.Add(new("Strict-Transport-Security", "max-age=31536000"));
        answer.Headers.Add(new("x-ms-ags-diagnostic",
            "{\"ServerInfo\":{\"DataCenter\":\"Lab\",\"Slice\":\"E\",\"Ring\":\"0\",\"ScaleUnit\":\"000\",\"RoleInstance\":\"CAUSEWAYDOUBLE\"}}"));
    }
}
