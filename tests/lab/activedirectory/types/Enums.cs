// SPDX-License-Identifier: Apache-2.0

namespace Microsoft.ActiveDirectory.Management;

public enum ADAuthType { Negotiate = 0, Basic = 1 }

public enum ADSearchScope { Base = 0, OneLevel = 1, Subtree = 2 }

public enum ADGroupScope { DomainLocal = 0, Global = 1, Universal = 2 }

public enum ADGroupCategory { Distribution = 0, Security = 1 }

[Flags]
public enum ADKerberosEncryptionType { None = 0, DES = 3, RC4 = 4, AES128 = 8, AES256 = 16 }

public enum ADCurrentDomainType { LocalComputer = 0, LoggedOnUser = 1 }

public enum ADCurrentForestType { LocalComputer = 0, LoggedOnUser = 1 }

public enum ADMinimumDirectoryServiceVersion { Windows2000 = 1, Windows2008 = 2, Windows2012 = 3, Windows2012R2 = 4 }

[Flags]
public enum ADDiscoverableService
{
    PrimaryDC = 1, GlobalCatalog = 2, KDC = 4, TimeService = 8, ReliableTimeService = 16, ADWS = 32,
}

public enum ADDomainMode
{
    UnknownDomain = -1, Windows2000Domain = 0, Windows2003InterimDomain = 1, Windows2003Domain = 2,
    Windows2008Domain = 3, Windows2008R2Domain = 4, Windows2012Domain = 5, Windows2012R2Domain = 6,
    Windows2016Domain = 7, Windows2025Domain = 10,
}

public enum ADForestMode
{
    UnknownForest = -1, Windows2000Forest = 0, Windows2003InterimForest = 1, Windows2003Forest = 2, Windows2008Forest = 3,
    Windows2008R2Forest = 4, Windows2012Forest = 5, Windows2012R2Forest = 6, Windows2016Forest = 7, Windows2025Forest = 10,
}

public enum ADOperationMasterRole
{
    PDCEmulator = 0, RIDMaster = 1, InfrastructureMaster = 2, SchemaMaster = 3, DomainNamingMaster = 4,
}
