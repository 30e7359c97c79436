import { bird } from './support/bird.ts'
import { describeRouter } from './support/router-suite.ts'

describeRouter('BIRD 2', bird)
