import { gobgp } from './support/gobgp.ts'
import { describeRouter } from './support/router-suite.ts'

describeRouter('GoBGP', gobgp)
