"""Where everything lies in the flat buffers that the kernels share.

An agent lowers to four one-dimensional buffers, so that a model of a new shape is new data and never new code:

- `ints` (int64): the structure: sizes, dependencies, the positions of the non-zero entries, the policy tree;
- `theta` (float): the numbers: A, B, C, D, E and what follows from them;
- `wi` and `wf` (int64 and float): workspace, made once for a session or a thread.

Each buffer is cut into named sections.  The bounds of section k of *any* buffer are `ints[2k]` and `ints[2k + 1]`;
`views.section(buffer, ints, k)` is the view.  The enumerations below are the table of contents; the shape of each
section stands beside its name, with F factors, M modalities, C controls, G groups of modalities, K components, U joint
actions, H the horizon and P policies. What the kernels call a *column* is one joint state of the parents of a table.
"""

(
    # ---- ints: scalars, indexed by the S_… below
    SCALARS,
    # ---- ints: factors, modalities, controls
    NUM_STATES,  # (F,)
    STATE_START,  # (F + 1,) offset of a factor's states in a vector of all states
    NUM_OBS,  # (M,)
    OBS_START,  # (M + 1,) offset of a modality's outcomes in a vector of all outcomes
    # ---- ints: the likelihood A, its non-zero entries by column and by outcome
    A_PARENT_START,  # (M + 1,)
    A_PARENT,  # factor indices
    A_PARENT_STRIDE,  # stride of that parent in the column number
    A_COLUMN_BASE,  # (M + 1,) first column of a modality among the columns of all
    A_ENTRY_START,  # (columns + 1,) first entry of a column
    A_OUTCOME,  # (entries,) the outcome of an entry
    A_ROW_START,  # (all outcomes + 1,) first place of an outcome in the two lists below
    A_ROW_COLUMN,  # (entries,) column within its modality
    A_ROW_ENTRY,  # (entries,) entry number
    # ---- ints: groups of modalities that have the same parents (G of them); see agent/groups.py
    GROUP_OF,  # (M,)
    GROUP_START,  # (G + 1,)
    GROUP_MEMBER,  # (M,) modalities by group
    GROUP_OBS_START,  # (G + 1,) offset of a group's outcomes in a vector of all outcomes, by group
    GROUP_OFFSET,  # (M,) offset of a modality's outcomes among those of its group
    GROUP_ROWS_START,  # (G,) where a group's padded rows begin in T_ROWS, -1 for a list of entries
    GROUP_COLUMN_BASE,  # (G + 1,) first column of a group among those of all lists of entries
    GROUP_ENTRY_START,  # (those columns + 1,)
    GROUP_ENTRY_OUTCOME,  # (entries,) outcome within the group
    GROUP_ENTRY_SOURCE,  # (entries,) place in T_A
    # ---- ints: the transitions B, by column; column number = action · parent columns + parent column
    B_PARENT_START,  # (F + 1,)
    B_PARENT,
    B_PARENT_STRIDE,
    B_COLUMNS,  # (F,) parent columns of a factor
    B_COLUMN_BASE,  # (F + 1,)
    B_ENTRY_START,  # (columns + 1,)
    B_STATE,  # (entries,) the state that an entry leads to
    # ---- ints: components, that is, sets of factors that move independently of all others
    COMPONENT_START,  # (K + 1,)
    COMPONENT_FACTOR,  # (F,) factors by component
    COMPONENT_OF,  # (F,)
    COMPONENT_SIMPLE,  # (K,) 1: a single factor whose only parent is itself
    COMPONENT_ACTIONS,  # (K,) number of joint actions of the component's own controls
    COMPONENT_ACTION,  # (K · U,) the component's action in a joint action
    FACTOR_ACTION_START,  # (F,)
    FACTOR_ACTION,  # the factor's own action in a component's action
    GROUP_KIND,  # (G,) 0: no controlled component, 1: one, 2: all, 3: several
    GROUP_COMPONENT,  # (G,) that one
    OUTER_PARENT,  # (G,) the parent that is summed out first where controlled components meet; -1: none
    LOG_C_START,  # (M,)
    LOG_C_ROWS,  # (M,)
    # ---- ints: the policies as a tree of shared prefixes
    TREE_SIZE,  # (H + 1,) number of prefixes by length
    TREE_START,  # (H + 1,) where the prefixes of a length begin in the two lists below (given policies only)
    TREE_PARENT,  # (prefixes,) empty for all sequences of actions: parent = i // U, action = i % U
    TREE_ACTION,  # (prefixes,)
    POLICY_LEAF,  # (P,) empty likewise
    POLICY_FIRST,  # (P,) first joint action of each given policy; empty likewise
    # ---- ints: learning
    ENTRY_SOURCE_A,  # (entries,) whence an entry of a joint model is taken; empty when it is no joint
    ENTRY_SOURCE_B,  # (entries · model factors,)
    COLUMN_SOURCE_A,  # (columns,)
    COLUMN_SOURCE_B,  # (columns · model factors,)
    # ---- ints of a world's buffer: how it is linked to an agent
    LINK_MODALITY,  # (agent's M,) the world's modality
    LINK_OUTCOME_START,  # (agent's M,)
    LINK_OUTCOME,  # the agent's outcome for each of the world's
    LINK_ACTION,  # (world's F · agent's U,) the factor's own action in each of the agent's joint actions
    OWN_CALLS,  # (3,) addresses of begin, observe and move; empty for a table world
    OWN_SIZES,  # (4,) numbers of state, draws, the world's modalities and the world's controls
    # ---- theta
    T_A,  # (A entries,)
    T_LOG_A,  # (A entries,) ln max(A, floor)
    T_AMBIGUITY,  # (A columns,) H[A] in nats
    T_ROWS,  # dense groups once more: a padded row per column, (outcomes, ambiguity, novelty, zeros)
    T_EXPECTED,  # (columns of lists of entries · 2,) ambiguity and novelty, summed over the group
    T_NOVELTY_A,  # (A columns,) expected information gain about the column's parameters, nats
    T_B,  # (B entries,)
    T_NOVELTY_B,  # (B columns,)
    T_LOG_C,  # (Σ rows · outcomes,) log-probabilities
    T_D,  # (all states,)
    T_LOG_E,  # (P,) or empty
    T_KNOBS,  # indexed by the K_… below
    T_PRIOR_COUNTS,  # laid out as the counts in the carried state
    # ---- carried state (its own float buffer)
    C_BELIEF,  # (all states,) q(s_t)
    C_COUNTS_A,  # (model's A entries,) or empty
    C_COUNTS_B,
    C_COUNTS_D,
    C_COUNTS_E,
    # ---- results (their own float buffer)
    O_SCALARS,  # F, iterations, converged, tested for impossibility
    O_QS,  # (model's states,) marginals
    O_Q_ACTION,  # (U,) marginal of the policy posterior over the next joint action; from here to the end: the plan
    O_P_ACTION,  # (U,) probability of choosing each joint action
    O_Q_PI,  # (P,)
    O_G,  # (P,)
    # ---- integers in and out (their own int64 buffer)
    X_CLOCK,  # seed, agent, episode, step
    X_EXECUTED,  # (1,) joint action before this observation
    X_OBS,  # (M,) outcome, -1 missing, -2 soft
    X_ACTION,  # (1,) joint action chosen
    X_STATUS,  # (1,) in: what is asked for; out: the status
    # ---- workspace, floats
    W_SOFT,  # (all outcomes,) weights of soft observations
    W_PRIOR,  # (all states,)
    W_LOG_PRIOR,
    W_LOG_Q,
    W_MESSAGE,
    W_BASE,
    W_OLD_Q,
    W_OLD_MESSAGE,
    W_LIKELIHOOD,  # (A columns,) log-evidence of each observed modality
    W_SHARED,  # (A columns,) the same, summed over the modalities that have the same several parents
    W_PREVIOUS,  # (model's states,) marginals before this step
    W_SUM,  # (all states,) scatter target, zero between uses
    W_VALUE,  # two levels of: component nodes × states
    W_EDGE,  # (component nodes · component actions, summed)
    W_JOINT_G,  # (nodes,)
    W_JOINT_EDGE,  # (nodes · U,)
    W_TREE_G,  # two levels of (prefixes,)
    W_LOG_C,  # (all outcomes, up to whole vectors,) log-preferences of one time, by group
    W_OUTLOOK,  # (P,) G without the preferences, and (P · S_OUTLOOK,) predicted outcomes; see planning/outlook.py
    W_NODE_OUTCOMES,  # (nodes · S_OUTLOOK,)
    W_TREE_OUTCOMES,  # two levels of (prefixes · S_OUTLOOK,)
    W_QO,  # (nodes · outcomes of the largest group,) predicted outcomes, node by node, zeros left out
    W_LOG_QO,
    W_QO_LOG_C,  # the log-preference of each of them
    W_OUTCOME,  # (outcomes of the largest group,) scatter target, zero between uses
    W_RISK,  # (nodes,)
    W_AMBIGUITY,  # (nodes,)
    W_NOVELTY,  # (nodes,)
    W_OUTER,  # partial sums of a likelihood over its outer parent
    W_WEIGHT,  # (all states, up to a whole stretch,)
    W_NODE_TERMS,  # (nodes · M · 3,) like W_TERMS, by joint node
    W_TERMS,  # (prefixes · M · 3,) risk, ambiguity, novelty by prefix; only when terms are asked for
    W_EDGE_TERMS,  # (prefixes,) novelty of B
    # ---- workspace, ints
    I_LEVEL,  # (2 · F,) base of a factor's lists at a level in W_VALUE and I_INDEX
    I_COUNT_BASE,  # (2 · F,) base of a factor's support sizes at a level in I_COUNT
    I_CHILD_BASE,  # (K,)
    I_INDEX,  # like W_VALUE: the states in a support
    I_COUNT,  # support sizes
    I_TOUCHED,  # (all states,)
    I_TOUCHED_COUNT,  # (F,)
    I_NODES,  # (2 · K,) number of nodes of a component at a level
    I_CHILD,  # (component nodes · component actions, summed)
    I_HASH,  # open addressing; an entry is stamp · 2^32 + node
    I_STAMP,  # (1,)
    I_POINT,  # (all states,) the node that is certain of a state; an entry is stamp · 2^32 + node
    I_JOINT,  # two levels of (nodes · K,) the component nodes of a joint node
    I_JOINT_CHILD,  # (nodes · U,)
    I_TREE_NODE,  # two levels of (prefixes,)
    I_GROUP_NODE,  # (nodes,) joint node → node of a group
    I_GROUP_FIRST,  # (nodes,) a joint node of a node of a group
    I_QO_OUTCOME,  # like W_QO_LOG_C, the outcome within its group; only for an outlook
    I_QO_START,  # (nodes + 1,) where a node's predicted outcomes begin in W_QO
    I_OUTCOME,  # (outcomes of the largest group,) those that were met
    I_OUTER_DONE,  # (nodes,)
    I_SHARED,  # (M,) how many observed modalities were summed up at this one
    I_ODOMETER,  # (parents,)
    I_SUPPORT,  # (all states,) boolean
    I_SUPPORT_LIST,  # (all states,)
) = range(147)
NUM_SECTIONS = I_SUPPORT_LIST + 1
PLAN_BEGINS, PLAN_ENDS = O_Q_ACTION, O_G  # the results that follow from a belief alone lie in one stretch

# The buffers of a call of the compiled loop, in the order in which a frame holds their addresses and lengths.
(
    F_INTS,
    F_THETA,  # a row for each agent, or one for all
    F_OWN,  # structure and numbers of the model's own factors: the same two again, unless the model is a joint
    F_OWN_THETA,
    F_CARRY,  # a row for each agent
    F_X,
    F_WF,
    F_WI,
    F_PLANS,  # plans that were made and the beliefs that they were made from: see planning/recall.py
    F_SLOTS,  # whether a plan is kept at a slot, after a head; empty where nothing is recalled
    F_WORLD,  # ints of a world
    F_NUMBERS,  # its probabilities (float64)
    F_HIDDEN,  # its hidden state, twice: now and before
    F_MEMORY,  # what a world with functions of its own remembers, and its draws (float64)
    F_JOB,  # indexed by the J_… below
    F_RECORD_OBS,  # records: a row for each agent, no columns where nothing is recorded
    F_RECORD_ACTION,
    F_RECORD_STATE,
    F_RECORD_QS,
    F_RECORD_Q_PI,
    F_RECORD_G,
    F_RECORD_F,
    F_FAILED,  # (agents · 3,) 1 + the step at which an agent was stopped, else 0; the modality of which its world
    #            showed what is no outcome, -1 where the observation was impossible; and what it showed
) = range(23)
NUM_BUFFERS = 23

# What a call of the compiled loop is to do.
(
    J_KIND,  # one of the codes below
    J_AGENTS,  # how many
    J_STRIDE,  # from one agent's numbers to the next one's: 0 where all share them, else the length of theta
    J_OWN_STRIDE,  # likewise, of the own theta
    J_SEED,
    J_FIRST,  # index of the first agent
    J_EPISODE,
    J_BEGIN,  # first step
    J_END,  # the step after the last
    J_STEPS,  # steps of the episode
    J_FACTORS,  # hidden factors of the world
    J_ACTIONS,  # joint actions
) = range(12)
NUM_JOB = 12

# Kinds of jobs: one step with the observation that stands in X_OBS; whole steps in a world; for a plan that is made
# outside, the halves of a step before and after it; and what follows from the carried counts.
SINGLE, WHOLE, SEE, ACT, REFRESH = range(5)

# Scalars of the structure.
(
    S_FACTORS,
    S_MODALITIES,
    S_GROUPS,
    S_COMPONENTS,
    S_ACTIONS,
    S_HORIZON,
    S_EXHAUSTIVE,  # 1: all action sequences, 0: given policies
    S_CHOICE,  # code of the choice
    S_NOVELTY_B,
    S_LEARN_A,
    S_LEARN_B,
    S_LEARN_D,
    S_LEARN_E,
    S_MAX_ITERATIONS,
    S_JOINT_BUDGET,  # largest joint support that is tested for impossible observations
    S_TIMED,  # 1: some preferences change over time
    S_TERMS,  # 1: keep the terms of G by prefix
    S_OUTLOOK,  # numbers in a row of predicted outcomes; 0: G is summed up directly
    S_JOINT_MODEL,  # 1: the packed model is the joint of the model's factors
) = range(19)
NUM_SCALARS = 19

# Numbers that an agent of a population may have of its own.
K_GAMMA, K_ALPHA, K_LOG_FLOOR, K_TOLERANCE, K_RATE, K_FORGETTING, K_TIE, K_TINY, K_GRAIN, K_SAME = range(10)
NUM_KNOBS = 10

# Lanes of a vector register: rows that are summed up in planning are padded to a multiple of it.
LANES = 8

# Logarithms are taken so many at a time: a shorter rest would be taken one by one.
STRETCH = 16

# What a step can end in.
OK, IMPOSSIBLE = 0, 1

# What a step is asked for, in the place where its status will stand: all of it; the plan from the carried belief, to be
# explained; its two halves, the second with a plan of its own or with one that was made outside of the kernels; or what
# follows from the carried counts.
WHOLE_STEP, DECIDE_ONLY, PLAN_ONLY, PERCEIVE_ONLY, CHOOSE_ONLY, REFRESH_ONLY = range(6)

# Codes of the choice objects.
MARGINAL_ACTION, BEST_POLICY = 0, 1
