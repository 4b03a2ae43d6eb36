// SPDX-License-Identifier: Apache-2.0
// A request's JSON, or Graph's words for its absence.
using System.Text.Json;

namespace Causeway.Lab.Entra;

static class RequestBody
{
    public static JsonElement Json(Exchange exchange)
    {
        if (exchange.Body.IsEmpty)
            throw Errors.BadRequest("An unexpected 'EndOfInput' node was found when reading from the JSON reader. " +
                "A 'StartObject' node was expected.");
        try
        {
            return JsonDocument.Parse(exchange.Body).RootElement;
        }
        catch (JsonException e)
        {
            throw Errors.MalformedQuery("Unable to read JSON request payload. Please ensure Content-Type header is set " +
                $"and payload is of valid JSON format. ({e.Message})");
        }
    }
}
