import { frr } from './support/frr.ts'
import { describeRouter } from './support/router-suite.ts'

describeRouter('FRR', frr)
