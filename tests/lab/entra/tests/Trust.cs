// SPDX-License-Identifier: Apache-2.0
// The certificate that every double of this run serves, and this process's trust in it.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Causeway.Lab.Entra.Tests;

static partial class Trust
{
    public static readonly string CertificatePem, KeyPem;
    static bool given;

    static Trust()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        (CertificatePem, KeyPem) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /* Before the first use of TLS: the runtime reads SSL_CERT_FILE once, from the C environment, so setting .NET's copy is not enough. */
    public static void Give(string file)
    {
        if (!given && setenv("SSL_CERT_FILE", file, 1) != 0)
            throw new InvalidOperationException("setenv failed");
        given = true;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
