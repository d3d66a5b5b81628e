"""People around appliances: customers who answer, refuse, move and complain; technicians with skill and error."""
