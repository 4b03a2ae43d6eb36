// SPDX-License-Identifier: Apache-2.0
//
// The part of pwsh's command line that tests and the agent use. What is not
// here is refused: a silently ignored switch would hide a difference.

namespace Causeway.Lab.Host;

internal enum Mode { Command, File, Server, Version }

internal sealed record Options(Mode Mode, string Text, string[] Arguments)
{
    internal static Options Parse(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string rest() => i + 1 < args.Length
                ? string.Join(' ', args[(i + 1)..])
                : throw new FormatException($"{args[i]} needs a value");
            switch (args[i].ToLowerInvariant())
            {
                case "-s" or "-servermode":
                    return new Options(Mode.Server, "", []);
                case "-v" or "-version" or "--version":
                    return new Options(Mode.Version, "", []);
                case "-c" or "-command":
                    string text = rest();
                    return new Options(Mode.Command, text == "-" ? Console.In.ReadToEnd() : text, []);
                case "-f" or "-file":
                    rest();
                    return new Options(Mode.File, args[i + 1], args[(i + 2)..]);
                case "-noprofile" or "-nop" or "-noninteractive" or "-noni" or "-nologo":
                    continue;
                case "-executionpolicy" or "-ep" or "-ex":
                    i++; // no such thing outside Windows; pwsh ignores it there as well
                    continue;
            }
            if (args[i].StartsWith('-'))
                throw new FormatException($"unknown option {args[i]}; known: -s, -Command TEXT, -File PATH [ARGS], "
                    + "-NoProfile, -NonInteractive, -NoLogo, -ExecutionPolicy X, -Version");
            return new Options(Mode.File, args[i], args[(i + 1)..]);
        }
        throw new FormatException("nothing to do: there is no interactive mode, give -s, -Command or -File");
    }
}
