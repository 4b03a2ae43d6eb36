/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ARGUMENTS_H
#define CW_ARGUMENTS_H

/* Called first in main(): the command line as UTF-8, whatever the system gives, and a console that
 * takes UTF-8. Valid to the end of the program; argv itself where it is UTF-8 already. */
char **cw_arguments(int *argc, char **argv);

#endif
