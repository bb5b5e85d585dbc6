// In front of the server's entry point (`node --import`): two of its files are taken from this folder instead, so that no
// lease is asked for and none is checked. The product has no such switch.
import { register } from 'node:module'

register('./redirect.mjs', import.meta.url)
