cw_unit_test(test_crypto_seal test_crypto_seal.c cw_crypto)
cw_unit_test(test_crypto_pki test_crypto_pki.c cw_crypto)
