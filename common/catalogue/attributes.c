/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of the directory by what may be done with them. Sources: [MS-ADA1-3],
 * [MS-ADSC], the schema extensions of LAPS and BitLocker.
 */
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "catalogue/catalogue.h"

static const char *const secrets[] = { "currentValue", "dBCSPwd", "initialAuthIncoming",
	"initialAuthOutgoing", "lmPwdHistory", "ms-Mcs-AdmPwd", "msDS-ExecuteScriptPassword",
	"msDS-ManagedPassword", "msFVE-KeyPackage", "msFVE-RecoveryPassword",
	"msLAPS-EncryptedDSRMPassword", "msLAPS-EncryptedDSRMPasswordHistory",
	"msLAPS-EncryptedPassword", "msLAPS-EncryptedPasswordHistory", "msLAPS-Password",
	"msPKIAccountCredentials", "msPKIDPAPIMasterKeys", "msPKIRoamingTimeStamp",
	"msTPM-OwnerInformation", "msTPM-OwnerInformationTemp", "ntPwdHistory",
	"orclCommonAttribute", "pekList", "priorValue", "supplementalCredentials",
	"trustAuthIncoming", "trustAuthOutgoing", "unicodePwd", "unixUserPassword",
	"userPassword" };

/* What -Replace, -Add, -Remove, -Clear and -OtherAttributes may touch: descriptions of a person or
 * a thing, nothing that grants. */
static const char *const writable[] = { "assistant", "c", "carLicense", "co", "comment", "company",
	"countryCode", "department", "departmentNumber", "description", "displayName",
	"displayNamePrintable", "division", "employeeID", "employeeNumber", "employeeType",
	"extensionAttribute1", "extensionAttribute10", "extensionAttribute11",
	"extensionAttribute12", "extensionAttribute13", "extensionAttribute14",
	"extensionAttribute15", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4",
	"extensionAttribute5", "extensionAttribute6", "extensionAttribute7", "extensionAttribute8",
	"extensionAttribute9", "facsimileTelephoneNumber", "generationQualifier", "givenName",
	"homePhone", "info", "initials", "ipPhone", "l", "mail", "mailNickname", "managedBy",
	"manager", "middleName", "mobile", "msDS-cloudExtensionAttribute1",
	"msDS-cloudExtensionAttribute2", "msDS-cloudExtensionAttribute3",
	"msDS-cloudExtensionAttribute4", "msDS-cloudExtensionAttribute5",
	"msExchHideFromAddressLists", "otherFacsimileTelephoneNumber", "otherHomePhone",
	"otherIpPhone", "otherMailbox", "otherMobile", "otherPager", "otherTelephone", "pager",
	"personalTitle", "physicalDeliveryOfficeName", "postalAddress", "postalCode",
	"postOfficeBox", "preferredLanguage", "proxyAddresses", "roomNumber", "secretary", "sn",
	"st", "street", "streetAddress", "targetAddress", "telephoneNumber", "title", "url",
	"wWWHomePage" };

static bool
is_in(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		/* The first letter decides for most: this is asked for every property of every
		 * object that leaves. */
		if (((names[i][0] ^ name[0]) & ~0x20) == 0 && cw_strcaseeq(names[i], name))
			return true;
	return false;
}

bool
cw_catalogue_attribute_is_secret(const char *name)
{
	const char *options = strchr(name, ';'); /* RFC 4512: "userPassword;binary" */
	char bare[64];

	if (options == NULL)
		return is_in(secrets, CW_COUNT(secrets), name);
	if ((size_t)(options - name) >= sizeof(bare))
		return false; /* longer than any of them */
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)(options - name), name);
	return is_in(secrets, CW_COUNT(secrets), bare);
}

bool
cw_catalogue_attribute_is_writable(const char *name)
{
	return is_in(writable, CW_COUNT(writable), name);
}
